"""Guildhall's own operations: furnishing an organization (contract 6a)."""
