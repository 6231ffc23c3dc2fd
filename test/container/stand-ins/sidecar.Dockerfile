FROM node:24-trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends iptables && rm -rf /var/lib/apt/lists/*
COPY sidecar.mjs /sidecar.mjs
ENTRYPOINT ["node", "/sidecar.mjs"]
