-- What NTLM verifies a user against, sealed by the server; null where NTLM is not for this user.
ALTER TABLE user ADD COLUMN nt_secret BLOB;
