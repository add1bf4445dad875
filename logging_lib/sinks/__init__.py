"""Where records go: a stream, a rotating file, memory; HTTP and syslog where configured."""
