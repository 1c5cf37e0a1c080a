// deno-fmt-ignore-file
/**
 * What the tasks of `pipelines.ts` take and give, as JSON Schema. Written by `millrace schema pipelines.ts` from their
 * types: do not edit it, write it again.
 *
 * @module
 */

type Schema = Readonly<Record<string, unknown>>;

/** By the name of the task. */
export const schemas: Readonly<
  Record<string, { readonly output?: Schema; readonly inputs?: Readonly<Record<string, Schema>> }>
> = {
  "delays_by_airport": {
    "inputs": {
      "flights": {
        "type": "object",
        "properties": {
          "airports": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "iata": {
                  "type": "string"
                },
                "name": {
                  "type": "string"
                },
                "city": {
                  "type": "string"
                },
                "state": {
                  "type": "string"
                },
                "known": {
                  "type": "boolean"
                }
              },
              "required": [
                "iata",
                "name",
                "city",
                "state",
                "known"
              ]
            }
          },
          "minute": {
            "type": "array",
            "items": {
              "type": "number"
            }
          },
          "delay": {
            "type": "array",
            "items": {
              "type": "number"
            }
          },
          "distance": {
            "type": "array",
            "items": {
              "type": "number"
            }
          },
          "origin": {
            "type": "array",
            "items": {
              "type": "number"
            }
          },
          "destination": {
            "type": "array",
            "items": {
              "type": "number"
            }
          }
        },
        "required": [
          "airports",
          "minute",
          "delay",
          "distance",
          "origin",
          "destination"
        ]
      }
    }
  },
  "delays_by_hour": {
    "inputs": {
      "flights": {
        "type": "object",
        "properties": {
          "airports": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "iata": {
                  "type": "string"
                },
                "name": {
                  "type": "string"
                },
                "city": {
                  "type": "string"
                },
                "state": {
                  "type": "string"
                },
                "known": {
                  "type": "boolean"
                }
              },
              "required": [
                "iata",
                "name",
                "city",
                "state",
                "known"
              ]
            }
          },
          "minute": {
            "type": "array",
            "items": {
              "type": "number"
            }
          },
          "delay": {
            "type": "array",
            "items": {
              "type": "number"
            }
          },
          "distance": {
            "type": "array",
            "items": {
              "type": "number"
            }
          },
          "origin": {
            "type": "array",
            "items": {
              "type": "number"
            }
          },
          "destination": {
            "type": "array",
            "items": {
              "type": "number"
            }
          }
        },
        "required": [
          "airports",
          "minute",
          "delay",
          "distance",
          "origin",
          "destination"
        ]
      }
    }
  },
  "delays_by_route": {
    "inputs": {
      "flights": {
        "type": "object",
        "properties": {
          "airports": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "iata": {
                  "type": "string"
                },
                "name": {
                  "type": "string"
                },
                "city": {
                  "type": "string"
                },
                "state": {
                  "type": "string"
                },
                "known": {
                  "type": "boolean"
                }
              },
              "required": [
                "iata",
                "name",
                "city",
                "state",
                "known"
              ]
            }
          },
          "minute": {
            "type": "array",
            "items": {
              "type": "number"
            }
          },
          "delay": {
            "type": "array",
            "items": {
              "type": "number"
            }
          },
          "distance": {
            "type": "array",
            "items": {
              "type": "number"
            }
          },
          "origin": {
            "type": "array",
            "items": {
              "type": "number"
            }
          },
          "destination": {
            "type": "array",
            "items": {
              "type": "number"
            }
          }
        },
        "required": [
          "airports",
          "minute",
          "delay",
          "distance",
          "origin",
          "destination"
        ]
      }
    }
  },
  "delays_by_weekday": {
    "inputs": {
      "flights": {
        "type": "object",
        "properties": {
          "airports": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "iata": {
                  "type": "string"
                },
                "name": {
                  "type": "string"
                },
                "city": {
                  "type": "string"
                },
                "state": {
                  "type": "string"
                },
                "known": {
                  "type": "boolean"
                }
              },
              "required": [
                "iata",
                "name",
                "city",
                "state",
                "known"
              ]
            }
          },
          "minute": {
            "type": "array",
            "items": {
              "type": "number"
            }
          },
          "delay": {
            "type": "array",
            "items": {
              "type": "number"
            }
          },
          "distance": {
            "type": "array",
            "items": {
              "type": "number"
            }
          },
          "origin": {
            "type": "array",
            "items": {
              "type": "number"
            }
          },
          "destination": {
            "type": "array",
            "items": {
              "type": "number"
            }
          }
        },
        "required": [
          "airports",
          "minute",
          "delay",
          "distance",
          "origin",
          "destination"
        ]
      }
    }
  },
  "join_airports": {
    "inputs": {
      "parsed": {
        "type": "object",
        "properties": {
          "flights": {
            "type": "object",
            "properties": {
              "minute": {
                "type": "array",
                "items": {
                  "type": "number"
                }
              },
              "delay": {
                "type": "array",
                "items": {
                  "type": "number"
                }
              },
              "distance": {
                "type": "array",
                "items": {
                  "type": "number"
                }
              },
              "origin": {
                "type": "array",
                "items": {
                  "type": "string"
                }
              },
              "destination": {
                "type": "array",
                "items": {
                  "type": "string"
                }
              }
            },
            "required": [
              "minute",
              "delay",
              "distance",
              "origin",
              "destination"
            ]
          },
          "rejected": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "row": {
                  "type": "number"
                },
                "reason": {
                  "type": "string"
                },
                "raw": {
                  "type": "array",
                  "items": {}
                }
              },
              "required": [
                "row",
                "reason",
                "raw"
              ]
            }
          }
        },
        "required": [
          "flights",
          "rejected"
        ]
      },
      "airports": {
        "type": "array",
        "items": {
          "type": "object",
          "properties": {
            "iata": {
              "type": "string"
            },
            "name": {
              "type": "string"
            },
            "city": {
              "type": "string"
            },
            "state": {
              "type": "string"
            },
            "known": {
              "type": "boolean"
            }
          },
          "required": [
            "iata",
            "name",
            "city",
            "state",
            "known"
          ]
        }
      }
    }
  },
  "parse_flights": {
    "inputs": {
      "chunks": {
        "type": "object",
        "properties": {
          "firstRow": {
            "type": "number"
          },
          "rows": {
            "type": "array",
            "items": {
              "type": "array",
              "items": {}
            }
          }
        },
        "required": [
          "firstRow",
          "rows"
        ]
      }
    }
  },
  "publish_report": {
    "inputs": {
      "report": {
        "type": "object",
        "properties": {
          "json": {
            "type": "string"
          },
          "csv": {
            "type": "string"
          },
          "html": {
            "type": "string"
          }
        },
        "required": [
          "json",
          "csv",
          "html"
        ]
      }
    }
  },
  "rejected_flights": {
    "inputs": {
      "parsed": {
        "type": "object",
        "properties": {
          "flights": {
            "type": "object",
            "properties": {
              "minute": {
                "type": "array",
                "items": {
                  "type": "number"
                }
              },
              "delay": {
                "type": "array",
                "items": {
                  "type": "number"
                }
              },
              "distance": {
                "type": "array",
                "items": {
                  "type": "number"
                }
              },
              "origin": {
                "type": "array",
                "items": {
                  "type": "string"
                }
              },
              "destination": {
                "type": "array",
                "items": {
                  "type": "string"
                }
              }
            },
            "required": [
              "minute",
              "delay",
              "distance",
              "origin",
              "destination"
            ]
          },
          "rejected": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "row": {
                  "type": "number"
                },
                "reason": {
                  "type": "string"
                },
                "raw": {
                  "type": "array",
                  "items": {}
                }
              },
              "required": [
                "row",
                "reason",
                "raw"
              ]
            }
          }
        },
        "required": [
          "flights",
          "rejected"
        ]
      }
    }
  },
  "report": {
    "inputs": {
      "totals": {
        "type": "object",
        "properties": {
          "sums": {
            "type": "object",
            "properties": {
              "flights": {
                "type": "number"
              },
              "delayMinutes": {
                "type": "number"
              },
              "late": {
                "type": "number"
              },
              "worstMinutes": {
                "type": "number"
              }
            },
            "required": [
              "flights",
              "delayMinutes",
              "late",
              "worstMinutes"
            ]
          },
          "firstMinute": {
            "anyOf": [
              {
                "type": "null"
              },
              {
                "type": "number"
              }
            ]
          },
          "lastMinute": {
            "anyOf": [
              {
                "type": "null"
              },
              {
                "type": "number"
              }
            ]
          },
          "unknownAirport": {
            "type": "number"
          }
        },
        "required": [
          "sums",
          "firstMinute",
          "lastMinute",
          "unknownAirport"
        ]
      },
      "rejected": {
        "type": "object",
        "properties": {
          "rows": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "row": {
                  "type": "number"
                },
                "reason": {
                  "type": "string"
                },
                "raw": {
                  "type": "array",
                  "items": {}
                }
              },
              "required": [
                "row",
                "reason",
                "raw"
              ]
            }
          }
        },
        "required": [
          "rows"
        ]
      },
      "hours": {
        "type": "array",
        "items": {
          "type": "object",
          "properties": {
            "flights": {
              "type": "number"
            },
            "delayMinutes": {
              "type": "number"
            },
            "late": {
              "type": "number"
            },
            "worstMinutes": {
              "type": "number"
            }
          },
          "required": [
            "flights",
            "delayMinutes",
            "late",
            "worstMinutes"
          ]
        }
      },
      "weekdays": {
        "type": "array",
        "items": {
          "type": "object",
          "properties": {
            "flights": {
              "type": "number"
            },
            "delayMinutes": {
              "type": "number"
            },
            "late": {
              "type": "number"
            },
            "worstMinutes": {
              "type": "number"
            }
          },
          "required": [
            "flights",
            "delayMinutes",
            "late",
            "worstMinutes"
          ]
        }
      },
      "airports": {
        "type": "array",
        "items": {
          "type": "object",
          "properties": {
            "airport": {
              "type": "object",
              "properties": {
                "iata": {
                  "type": "string"
                },
                "name": {
                  "type": "string"
                },
                "city": {
                  "type": "string"
                },
                "state": {
                  "type": "string"
                },
                "known": {
                  "type": "boolean"
                }
              },
              "required": [
                "iata",
                "name",
                "city",
                "state",
                "known"
              ]
            },
            "sums": {
              "type": "object",
              "properties": {
                "flights": {
                  "type": "number"
                },
                "delayMinutes": {
                  "type": "number"
                },
                "late": {
                  "type": "number"
                },
                "worstMinutes": {
                  "type": "number"
                }
              },
              "required": [
                "flights",
                "delayMinutes",
                "late",
                "worstMinutes"
              ]
            }
          },
          "required": [
            "airport",
            "sums"
          ]
        }
      },
      "routes": {
        "type": "array",
        "items": {
          "type": "object",
          "properties": {
            "origin": {
              "type": "object",
              "properties": {
                "iata": {
                  "type": "string"
                },
                "name": {
                  "type": "string"
                },
                "city": {
                  "type": "string"
                },
                "state": {
                  "type": "string"
                },
                "known": {
                  "type": "boolean"
                }
              },
              "required": [
                "iata",
                "name",
                "city",
                "state",
                "known"
              ]
            },
            "destination": {
              "type": "object",
              "properties": {
                "iata": {
                  "type": "string"
                },
                "name": {
                  "type": "string"
                },
                "city": {
                  "type": "string"
                },
                "state": {
                  "type": "string"
                },
                "known": {
                  "type": "boolean"
                }
              },
              "required": [
                "iata",
                "name",
                "city",
                "state",
                "known"
              ]
            },
            "sums": {
              "type": "object",
              "properties": {
                "flights": {
                  "type": "number"
                },
                "delayMinutes": {
                  "type": "number"
                },
                "late": {
                  "type": "number"
                },
                "worstMinutes": {
                  "type": "number"
                }
              },
              "required": [
                "flights",
                "delayMinutes",
                "late",
                "worstMinutes"
              ]
            }
          },
          "required": [
            "origin",
            "destination",
            "sums"
          ]
        }
      },
      "weather": {
        "anyOf": [
          {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "place": {
                  "type": "string"
                },
                "first": {
                  "type": "string"
                },
                "last": {
                  "type": "string"
                },
                "rainyDays": {
                  "type": "number"
                },
                "dryDays": {
                  "type": "number"
                },
                "rainyByMonth": {
                  "type": "array",
                  "items": {
                    "type": "number"
                  }
                },
                "daysByMonth": {
                  "type": "array",
                  "items": {
                    "type": "number"
                  }
                },
                "wettest": {
                  "type": "object",
                  "properties": {
                    "date": {
                      "type": "string"
                    },
                    "precipitationMm": {
                      "type": "number"
                    }
                  },
                  "required": [
                    "date",
                    "precipitationMm"
                  ]
                }
              },
              "required": [
                "place",
                "first",
                "last",
                "rainyDays",
                "dryDays",
                "rainyByMonth",
                "daysByMonth",
                "wettest"
              ]
            }
          },
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
          }
        ]
      }
    }
  },
  "totals": {
    "inputs": {
      "flights": {
        "type": "object",
        "properties": {
          "airports": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "iata": {
                  "type": "string"
                },
                "name": {
                  "type": "string"
                },
                "city": {
                  "type": "string"
                },
                "state": {
                  "type": "string"
                },
                "known": {
                  "type": "boolean"
                }
              },
              "required": [
                "iata",
                "name",
                "city",
                "state",
                "known"
              ]
            }
          },
          "minute": {
            "type": "array",
            "items": {
              "type": "number"
            }
          },
          "delay": {
            "type": "array",
            "items": {
              "type": "number"
            }
          },
          "distance": {
            "type": "array",
            "items": {
              "type": "number"
            }
          },
          "origin": {
            "type": "array",
            "items": {
              "type": "number"
            }
          },
          "destination": {
            "type": "array",
            "items": {
              "type": "number"
            }
          }
        },
        "required": [
          "airports",
          "minute",
          "delay",
          "distance",
          "origin",
          "destination"
        ]
      }
    }
  }
};
