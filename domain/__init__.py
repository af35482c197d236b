"""The words of the product: values, states, ports and errors, on the standard library alone."""
