namespace Camelid.Benchmarks.Runtime;

/// <summary>A loaded model that continues some rows of tokens greedily, all rows at once.</summary>
internal interface IDecoder : IDisposable
{
    /// <summary>Forgets everything and makes ready for so many rows; what it costs is not measured.</summary>
    void Reset(int rows);

    /// <summary>Takes a prompt per row, all of one length, and chooses the first token of each.</summary>
    void Prefill(uint[][] prompts);

    /// <summary>Computes the chosen token of each row and chooses the next.</summary>
    void Step();

    /// <summary>The token that a row chose last.</summary>
    uint Token(int row);

    /// <summary>The logits [vocabulary] that a row chose by last.</summary>
    ReadOnlySpan<float> Logits(int row);
}
