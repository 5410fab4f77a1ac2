"""A person's copy of their data: gathered sealed, made into one inert archive, fetched once (GDPR 15, 20).

Everything in this folder is a function of what it is given: tables, routes and workers are the engine's.

    files     the sealed files of one package, under a key of its own
    records   where connectors put a silo's records; shapes: what they look like
    redacting what staff held back for the sake of others
    own       what consentd itself holds about the person
    letter    what GDPR 15(1) orders to be told, and the PDF that tells it
    page      the page that opens first
    making    the archive; manifest: what it holds, signed; verifying: offline, by anyone
    links     fetching it, once
"""
