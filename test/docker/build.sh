#!/usr/bin/env bash
# Builds the Dockerfile without a Docker daemon and runs the image: a Debian made by debootstrap with this machine's Node
# is the base, buildah performs the steps in a chroot. Needs root, buildah, debootstrap and the network.
# test/docker/build.sh [WORK FOLDER]   (default: a fresh temporary one, removed at the end)
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=${1:-$(mktemp -d)}
[ $# -gt 0 ] || trap 'rm -rf "$work"' EXIT
mkdir -p "$work"
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
builder=(buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs)

if [ ! -e "$work/rootfs/.complete" ]; then
  rm -rf "$work/rootfs"
  debootstrap --variant=minbase --include=ca-certificates,libstdc++6 bookworm "$work/rootfs" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} > "$work/debootstrap.log"
  node_home=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  install -D "$(readlink -f "$(command -v node)")" "$work/rootfs/usr/local/bin/node"
  mkdir -p "$work/rootfs/usr/local/lib/node_modules"
  cp -r "$node_home/lib/node_modules/npm" "$work/rootfs/usr/local/lib/node_modules/npm"
  ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$work/rootfs/usr/local/bin/npm"
  # Certificates that this machine trusts beside the public ones (a company's proxy).
  cp /etc/ssl/certs/ca-certificates.crt "$work/rootfs/etc/ssl/certs/ca-certificates.crt"
  mkdir -p "$work/rootfs/usr/local/share/ca-certificates"
  cp /usr/local/share/ca-certificates/*.crt "$work/rootfs/usr/local/share/ca-certificates/" 2>/dev/null || true
  touch "$work/rootfs/.complete"
fi
container=$("${builder[@]}" from scratch)
"${builder[@]}" copy --quiet "$container" "$work/rootfs" / > /dev/null
bundle=/etc/ssl/certs/ca-certificates.crt
"${builder[@]}" config --env "NODE_EXTRA_CA_CERTS=$bundle" --env "PIP_CERT=$bundle" --env "npm_config_cafile=$bundle" "$container"
"${builder[@]}" commit --quiet --rm "$container" potstill-base > /dev/null

"${builder[@]}" bud --quiet --isolation chroot --format docker --build-arg BASE=localhost/potstill-base -t potstill "$root"

container=$("${builder[@]}" from localhost/potstill)
run() { "${builder[@]}" run --isolation chroot "$container" -- /usr/bin/tini -s -- /opt/potstill/docker/entrypoint.sh "$@"; }
echo "== potstill doctor"; run doctor
echo "== user and folders"; run sh -c 'test "$(id -u)" = 10001 && touch /workspace/x "$HOME/x" && ! touch /opt/potstill/x 2>/dev/null && rm /workspace/x "$HOME/x"'
echo "== kernels"; run jupyter kernelspec list | tee "$work/kernels.txt"; grep -q potstill "$work/kernels.txt"
echo "== JupyterLab and the health check"
run sh -c 'jupyter lab --ip=127.0.0.1 --port=18888 --no-browser > /tmp/lab.log 2>&1 & lab=$!
  for i in $(seq 60); do sleep 1; node /opt/potstill/docker/healthcheck.mjs && grep -q "http://127.0.0.1:18888" /tmp/lab.log && break; done
  node /opt/potstill/docker/healthcheck.mjs; healthy=$?; kill $lab; exit $healthy'
if [ -n "${POTSTILL_DOCKER_ITEM-sssd/calibration}" ]; then
  echo "== potstill reproduce ${POTSTILL_DOCKER_ITEM-sssd/calibration}"; run reproduce "${POTSTILL_DOCKER_ITEM-sssd/calibration}"
fi
echo "image built and run"
