"""The archive, or a part of it, in the formats of others."""
