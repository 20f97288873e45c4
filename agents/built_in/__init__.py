"""The agents that come with Jobcast."""
