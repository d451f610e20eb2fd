"""Kibana dashboards as code: made, checked and understood without Kibana (pure), and put into one over its API.

Nothing but ``install`` talks to anything, and that over ``fetch``.
"""
