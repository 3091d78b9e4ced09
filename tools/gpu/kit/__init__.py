"""Is my GPU right? Recorded graphs under this machine's PyTorch, beside diffusers, and the product where its libtorch is here."""
