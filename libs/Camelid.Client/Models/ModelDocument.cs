namespace Camelid.Client.Models;

/// <summary>Answer of <c>GET /v1/models</c>.</summary>
public sealed record ModelListDocument
{
    /// <summary>Always <c>list</c>.</summary>
    public string Object { get; init; } = "list";

    /// <summary>The models that this operator serves.</summary>
    public IReadOnlyList<ModelDocument> Data { get; init; } = [];
}

/// <summary>A model as OpenAI clients know it, with what Camelid adds.</summary>
public sealed record ModelDocument
{
    /// <summary>The model's name.</summary>
    public required string Id { get; init; }

    /// <summary>Always <c>model</c>.</summary>
    public string Object { get; init; } = "model";

    /// <summary>Unix seconds.</summary>
    public required long Created { get; init; }

    /// <summary>Always <c>camelid</c>.</summary>
    public string OwnedBy { get; init; } = "camelid";

    /// <summary>What Camelid knows beyond that.</summary>
    public required ModelFacts Camelid { get; init; }
}

/// <summary>Identity and size of a model.</summary>
public sealed record ModelFacts
{
    /// <summary>Merkle root of the package, 64 digits: the model's identity.</summary>
    public required string ModelRoot { get; init; }

    /// <summary>Architecture, such as <c>llama</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>Most tokens of prompt and answer together.</summary>
    public required long ContextTokensMax { get; init; }

    /// <summary>Number of token ids.</summary>
    public required long VocabularySize { get; init; }

    /// <summary>Number of weights.</summary>
    public required long ParameterCount { get; init; }

    /// <summary>Bytes of all files.</summary>
    public required long BytesCount { get; init; }

    /// <summary>Such as <c>fp32</c>.</summary>
    public required string Precision { get; init; }

    /// <summary>Licence of the weights.</summary>
    public required string Licence { get; init; }

    /// <summary>Root of the model that this one was made from, or null.</summary>
    public string? ParentRoot { get; init; }

    /// <summary>True where <c>/v1/chat/completions</c> works.</summary>
    public required bool Chat { get; init; }
}
