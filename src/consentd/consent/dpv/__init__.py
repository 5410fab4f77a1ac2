"""Receipts and records of consent as others read them: ISO/IEC TS 27560:2023 in the W3C's DPV, as JSON-LD.

Pure: events and the policy that they name go in, a document comes out. It says nothing about a person that
the plain JSON of the same call does not say (promise 13): random ids, choices and times.
"""
