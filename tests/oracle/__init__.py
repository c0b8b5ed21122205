"""The oracle: a slow reference router, random plans and histories, and the tests that hold the engine equal to it."""
