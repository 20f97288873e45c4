"""Start-up: settings, the check of the checkout, the embedded Redis, the processes kept alive."""
