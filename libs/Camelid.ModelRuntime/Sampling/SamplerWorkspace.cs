namespace Camelid.ModelRuntime.Sampling;

/// <summary>The buffers of a choice, made once for an engine. One thread at a time.</summary>
/// <param name="vocabularySize">Tokens.</param>
public sealed class SamplerWorkspace(int vocabularySize)
{
    /// <summary>Tokens that there is room for.</summary>
    public int VocabularySize => vocabularySize;
}
