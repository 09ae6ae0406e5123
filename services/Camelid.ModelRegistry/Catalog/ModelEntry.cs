using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tokenization;
using Camelid.Protocol;

namespace Camelid.ModelRegistry.Catalog;

/// <summary>A model as the registry knows it: usable, or damaged and why.</summary>
internal sealed record ModelEntry
{
    /// <summary>The model root.</summary>
    public required Hash256 Root { get; init; }

    /// <summary>The name that people use.</summary>
    public required string Name { get; init; }

    /// <summary>The checked files; null where they are damaged.</summary>
    public ModelPackage? Package { get; init; }

    /// <summary>The text rules; null where the files are damaged.</summary>
    public ModelTokenizer? Tokenizer { get; init; }

    /// <summary>Which file and chunk is damaged and what to do; empty where the model is intact.</summary>
    public string Damage { get; init; } = "";

    /// <summary>True where the model can be used.</summary>
    public bool IsIntact => Damage.Length == 0;
}
