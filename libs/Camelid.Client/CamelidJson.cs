using System.Text.Json;
using System.Text.Json.Serialization;
using Camelid.Client.Completions;
using Camelid.Client.Jobs;
using Camelid.Client.Models;
using Camelid.Client.Operator;
using Camelid.Client.Receipts;

namespace Camelid.Client;

/// <summary>Documents in OpenAI's form: snake case, as their clients expect.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CompletionRequest))]
[JsonSerializable(typeof(ChatRequest))]
[JsonSerializable(typeof(JobRequest))]
[JsonSerializable(typeof(CompletionDocument))]
[JsonSerializable(typeof(ChatDocument))]
[JsonSerializable(typeof(ChatChunk))]
[JsonSerializable(typeof(ModelListDocument))]
[JsonSerializable(typeof(ModelDocument))]
[JsonSerializable(typeof(ErrorDocument))]
public sealed partial class OpenAiJson : JsonSerializerContext;

/// <summary>Camelid's own documents: camel case.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, NumberHandling = JsonNumberHandling.Strict)]
[JsonSerializable(typeof(JobListDocument))]
[JsonSerializable(typeof(JobDocument))]
[JsonSerializable(typeof(JobEventDocument))]
[JsonSerializable(typeof(ReceiptDocument))]
[JsonSerializable(typeof(HealthDocument))]
[JsonSerializable(typeof(ProblemDocument))]
public sealed partial class CamelidJson : JsonSerializerContext;
