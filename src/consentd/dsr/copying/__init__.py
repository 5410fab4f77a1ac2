"""A copy's way from the silos' answers to the person's hands (docs/package.md).

rounds       in a request's own unit: a copy is wanted, released, given up; redactions
silos        what came of asking each silo, as the copy tells it
places       where what was gathered and each archive lie; one key for each of the two
maker        making archives, beside the service, resumed after a kill
looking      staff look at what would go out
announcing   the mail that says that a copy is ready
handing_out  a fresh proof, a link, the one download
sweeping     expiry: the key first, the files second
"""
