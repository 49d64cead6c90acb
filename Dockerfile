# Potstill in a container: `docker build -t potstill .`, then
#   mkdir -p artefacts runs    # a folder that Docker makes itself belongs to root, and nobody else can write to it
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD/artefacts:/workspace/artefacts" -v "$PWD/runs:/workspace/runs" \
#     potstill reproduce sssd/calibration
#   docker run --rm --user "$(id -u):$(id -g)" -p 127.0.0.1:8888:8888 -v "$PWD:/workspace" potstill    # JupyterLab
# `--user` makes the container write as you do; without it, it runs as user 10001, who cannot write to folders of yours.
# For NVIDIA GPUs: docker build --build-arg DEVICE=cuda -t potstill:cuda .; docker run --gpus all …
# BASE is any Debian-like image with Node; pin it by digest for an archive: --build-arg BASE=node:22-bookworm-slim@sha256:…
ARG BASE=node:22-bookworm-slim

FROM ${BASE} AS build
ARG DEVICE=cpu
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates g++ python3 python3-pip python3-venv \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/potstill
COPY docker/jupyter.txt docker/
RUN python3 -m venv /opt/jupyter \
 && /opt/jupyter/bin/pip install --no-cache-dir --no-deps -r docker/jupyter.txt
COPY package.json package-lock.json .npmrc ./
RUN npm ci && npm cache clean --force
COPY . .
# Compiling needs the type packages of the development dependencies; the image does not. Without tsconfig.build.json the
# launcher takes dist/ as it is and never compiles.
RUN node cli/build.mjs && npm prune --omit=dev && rm tsconfig.build.json && chmod +x cli/potstill.mjs docker/entrypoint.sh
ENV POTSTILL_CACHE=/opt/potstill-cache
RUN node cli/potstill.mjs setup --device "$DEVICE" && rm -rf "$POTSTILL_CACHE/downloads"
RUN node cli/potstill.mjs kernel install --prefix /opt/jupyter

FROM ${BASE} AS runtime
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates python3 tini \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 potstill \
 && chmod 0777 /home/potstill \
 && install -d -m 1777 /workspace
COPY --from=build /opt/potstill /opt/potstill
COPY --from=build /opt/potstill-cache /opt/potstill-cache
COPY --from=build /opt/jupyter /opt/jupyter
RUN ln -s /opt/potstill/cli/potstill.mjs /usr/local/bin/potstill
# HOME is writable for every user id, so `docker run --user "$(id -u)"` owns what it writes.
ENV HOME=/home/potstill \
    PATH=/opt/jupyter/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    POTSTILL_CACHE=/opt/potstill-cache \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER 10001
WORKDIR /workspace
EXPOSE 8888
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 CMD ["node", "/opt/potstill/docker/healthcheck.mjs"]
ENTRYPOINT ["/usr/bin/tini", "--", "/opt/potstill/docker/entrypoint.sh"]
CMD ["jupyter", "lab", "--ip=0.0.0.0", "--port=8888", "--no-browser"]
