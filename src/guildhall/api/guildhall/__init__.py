"""Our own operations, which the vendor's API has not: furnishing an organization (contract 6a)."""
