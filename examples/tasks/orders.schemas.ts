// deno-fmt-ignore-file
/**
 * What the tasks of `orders.ts` take and give, as JSON Schema. Written by `millrace schema orders.ts` from their
 * types: do not edit it, write it again.
 *
 * @module
 */

type Schema = Readonly<Record<string, unknown>>;

/** By the name of the task. */
export const schemas: Readonly<
  Record<string, { readonly output?: Schema; readonly inputs?: Readonly<Record<string, Schema>> }>
> = {
  "orders": {
    "output": {
      "type": "object",
      "properties": {
        "id": {
          "type": "string"
        },
        "amount": {
          "type": "number"
        },
        "at": {
          "x-type": "Date"
        },
        "payment": {
          "anyOf": [
            {
              "type": "object",
              "properties": {
                "kind": {
                  "const": "card"
                },
                "last4": {
                  "type": "string"
                }
              },
              "required": [
                "kind",
                "last4"
              ]
            },
            {
              "type": "object",
              "properties": {
                "kind": {
                  "const": "invoice"
                },
                "dueDays": {
                  "type": "number"
                }
              },
              "required": [
                "kind",
                "dueDays"
              ]
            }
          ]
        },
        "note": {
          "type": "string"
        }
      },
      "required": [
        "id",
        "amount",
        "at",
        "payment"
      ]
    }
  },
  "rates": {
    "output": {
      "x-type": "Map",
      "x-keys": {
        "type": "string"
      },
      "x-values": {
        "type": "number"
      }
    }
  },
  "report": {
    "output": {
      "type": "string"
    },
    "inputs": {
      "totals": {
        "type": "object",
        "properties": {
          "usd": {
            "type": "number"
          }
        },
        "required": [
          "usd"
        ]
      }
    }
  },
  "totals": {
    "output": {
      "type": "object",
      "properties": {
        "usd": {
          "type": "number"
        },
        "eur": {
          "anyOf": [
            {
              "type": "null"
            },
            {
              "type": "number"
            }
          ]
        },
        "ids": {
          "x-type": "Set",
          "x-items": {
            "type": "string"
          }
        }
      },
      "required": [
        "usd",
        "eur",
        "ids"
      ]
    },
    "inputs": {
      "orders": {
        "type": "array",
        "items": {
          "type": "object",
          "properties": {
            "id": {
              "type": "string"
            },
            "amount": {
              "type": "number"
            },
            "at": {
              "x-type": "Date"
            },
            "payment": {
              "anyOf": [
                {
                  "type": "object",
                  "properties": {
                    "kind": {
                      "const": "card"
                    },
                    "last4": {
                      "type": "string"
                    }
                  },
                  "required": [
                    "kind",
                    "last4"
                  ]
                },
                {
                  "type": "object",
                  "properties": {
                    "kind": {
                      "const": "invoice"
                    },
                    "dueDays": {
                      "type": "number"
                    }
                  },
                  "required": [
                    "kind",
                    "dueDays"
                  ]
                }
              ]
            },
            "note": {
              "type": "string"
            }
          },
          "required": [
            "id",
            "amount",
            "at",
            "payment"
          ]
        }
      },
      "rates": {
        "anyOf": [
          {
            "type": "object",
            "properties": {
              "~millrace": {
                "const": "failure"
              },
              "task": {
                "type": "string"
              },
              "status": {
                "enum": [
                  "failed",
                  "timed_out",
                  "skipped",
                  "cancelled"
                ]
              },
              "error": {
                "type": "object",
                "properties": {
                  "code": {
                    "type": "string"
                  },
                  "message": {
                    "type": "string"
                  },
                  "details": {
                    "type": "object"
                  }
                },
                "required": [
                  "code",
                  "message",
                  "details"
                ]
              }
            },
            "required": [
              "~millrace",
              "task",
              "status",
              "error"
            ]
          },
          {
            "x-type": "Map",
            "x-keys": {
              "type": "string"
            },
            "x-values": {
              "type": "number"
            }
          }
        ]
      }
    }
  }
};
