"""Draw the Kibana dashboards, with what the real queries find, as pictures; and the small world that they show.

Kibana has no part in it: the definitions are those that are installed, the numbers are Elasticsearch's.
"""
