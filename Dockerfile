# Two stages on one base, so that the virtual environment finds the same interpreter where it runs as where it was
# made. Any base with python3 >= 3.11 and venv will do; Debian's own packages are enough.
ARG BASE_IMAGE=python:3.11-slim

FROM ${BASE_IMAGE} AS build
# A certificate bundle for pip, where the package index stands behind a private certificate authority.
ARG PIP_CERT
WORKDIR /src
# The environment that ships is made without pip; the builder's pip installs into it.
RUN python3 -m venv /opt/builder && python3 -m venv --without-pip /opt/xdr-connector
COPY requirements/ requirements/
RUN /opt/builder/bin/pip install --no-cache-dir --require-hashes --requirement requirements/build.txt \
 && /opt/builder/bin/pip --python /opt/xdr-connector/bin/python3 install --no-cache-dir --only-binary :all: \
      --require-hashes --requirement requirements/runtime.txt
COPY . .
RUN /opt/builder/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /dist . \
 && /opt/builder/bin/pip --python /opt/xdr-connector/bin/python3 install --no-cache-dir --no-deps /dist/*.whl

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="xdr-connector" \
      org.opencontainers.image.description="Keeps Sentinel and ServiceNow records in agreement with Defender XDR incidents" \
      org.opencontainers.image.licenses="Apache-2.0"
# Nothing that installs or builds stays behind; some bases bring pip, others do not.
RUN if python3 -m pip --version; then python3 -m pip uninstall --yes --root-user-action ignore setuptools wheel pip; fi \
 && groupadd --gid 10001 xdr-connector \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/xdr-connector --shell /usr/sbin/nologin xdr-connector \
 && install -d -m 0755 /etc/xdr-connector \
 && install -d -m 0750 -o 10001 -g 10001 /var/lib/xdr-connector
COPY --from=build /opt/xdr-connector /opt/xdr-connector
ENV PATH=/opt/xdr-connector/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    XDR_CONNECTOR_CONFIG=/etc/xdr-connector/config.yaml
# The root filesystem may be read-only: only the volume is written to.
VOLUME ["/var/lib/xdr-connector"]
WORKDIR /var/lib/xdr-connector
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 CMD ["xdr-connector", "status", "--health"]
ENTRYPOINT ["xdr-connector"]
CMD ["run", "--config", "/etc/xdr-connector/config.yaml"]
