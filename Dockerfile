# condensat as an image: the command, nothing to build with, and a user who may do nothing else.
#
#   docker build --tag condensat .
#   docker run --rm condensat --version
#
# The base is pinned by its version. Its digest is not: it could not be looked up where this file was written. Pin it
# where you build, with --build-arg PYTHON=3.13.9-slim-trixie@sha256:… (docker buildx imagetools inspect python:…).

ARG PYTHON=3.13.9-slim-trixie

FROM python:${PYTHON} AS build
WORKDIR /src
COPY docker/build docker/build
COPY requirements/run.txt requirements/build.txt requirements/
RUN docker/build packages /opt/condensat
COPY pyproject.toml README.md LICENSE ./
COPY indexer indexer
COPY mappings mappings
RUN docker/build project /opt/condensat

FROM python:${PYTHON}
LABEL org.opencontainers.image.title="condensat" \
      org.opencontainers.image.description="A news index on Elasticsearch that tells of every article whether it was reposted." \
      org.opencontainers.image.licenses="Apache-2.0"
# A fixed number, so that volumes keep their owner; /keys has the API keys, /data the archive of raw pages.
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin condensat \
    && install --directory --owner=condensat --group=condensat --mode=700 /data /keys
COPY --from=build /opt/condensat /opt/condensat
COPY docker/condensat-setup docker/condensat-ready /opt/condensat/bin/
ENV PATH=/opt/condensat/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CONDENSAT_HOME=/data
USER 10001:10001
WORKDIR /data
VOLUME ["/data", "/keys"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["condensat"]
CMD ["--help"]
