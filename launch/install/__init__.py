"""Puts what Jobcast needs into the checkout: Python packages, browser assets, and a browser for its tests."""
