"""How an older catalog becomes a newer one."""
