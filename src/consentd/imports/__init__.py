"""Exports of silos come in: read, mapped by the policy's layouts, recorded as the API does, and reported."""
