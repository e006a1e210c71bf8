# The load generator. Built by the same script as outside the container, from the module pinned in scripts/k6.
FROM golang:1.26-bookworm AS k6
WORKDIR /src
COPY package.json ./
COPY scripts/places.sh scripts/k6-build ./scripts/
COPY scripts/k6 ./scripts/k6
ENV XDG_CACHE_HOME=/cache
RUN scripts/k6-build && mv /cache/traffic/k6-v*/k6 /k6

FROM node:22-bookworm-slim AS build
WORKDIR /src
COPY package.json bun.lock bunfig.toml ./
COPY patches ./patches
COPY scripts/places.sh scripts/setup ./scripts/
COPY scripts/k6/go.mod ./scripts/k6/go.mod
RUN scripts/setup --for-build
COPY . .
RUN scripts/build

FROM debian:12-slim
COPY scripts/apt-install scripts/image /opt/traffic/scripts/
RUN /opt/traffic/scripts/image --slim
COPY --from=k6 /k6 /usr/local/bin/k6
COPY --from=build /src/traffic /usr/local/bin/traffic
ENV HOST=0.0.0.0 PORT=8080 TRAFFIC_DATA_DIR=/data
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["traffic", "health"]
ENTRYPOINT ["tini", "--", "traffic"]
CMD ["serve"]
