// The engine in use, as /api/v1/status says it.
export interface Engine {
  name: string;
  model: string;
  version: string;
  device: string;
  precision: string;
  licence: string;
}
