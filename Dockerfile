# The image of consentd: an interpreter, the pinned packages, the wheel. Nothing that builds is left in it.
# docker build -t consentd .
# docker build -t consentd --build-arg REQUIREMENTS=otel .   (with what makes traces)
ARG PYTHON=3.11

FROM python:${PYTHON}-slim AS build
ARG REQUIREMENTS=server
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY requirements/build.txt requirements/server.txt requirements/otel.txt requirements/
RUN python -m venv --without-pip /opt/consentd \
    && pip --python /opt/consentd/bin/python install --require-hashes -r requirements/${REQUIREMENTS}.txt \
    && pip install --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY migrations migrations
COPY src src
RUN pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && pip --python /opt/consentd/bin/python install --no-deps --no-index dist/*.whl

FROM python:${PYTHON}-slim
RUN pip uninstall --yes pip setuptools wheel 2>/dev/null; \
    groupadd --gid 10001 consentd \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin consentd \
    && install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=build /opt/consentd /opt/consentd
# The demo company's rules, so that the image runs as it is: mount your own over them.
COPY policies /etc/consentd/policies
ENV PATH=/opt/consentd/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    CONSENTD_DATA_DIR=/data \
    CONSENTD_POLICIES=/etc/consentd/policies \
    CONSENTD_HOST=0.0.0.0
# By number, so that an orchestrator can see that it is not root.
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('CONSENTD_PORT', '8080') + '/health/ready', timeout=4)"]
ENTRYPOINT ["consentd"]
CMD ["serve"]
