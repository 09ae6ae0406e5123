namespace Camelid.Protocol.Jobs;

/// <summary>
/// Rule J-02: which part of a job's parameters is out of form. Names are stable: logs and errors show them.
/// </summary>
public enum JobRefusal
{
    /// <summary>Not judged yet: accepts nothing.</summary>
    Unset = 0,

    /// <summary>The parameters have their one canonical form.</summary>
    Accepted = 1,

    /// <summary>The model root is zero.</summary>
    ModelRootMissing = 2,

    /// <summary>No prompt token, or more than <see cref="JobParameters.PromptTokensMax"/>.</summary>
    PromptTokenCount = 3,

    /// <summary>A sampling number is outside its range.</summary>
    SamplingRange = 4,

    /// <summary>Too many logit biases, one out of range, or not in ascending order of token id, each id once.</summary>
    LogitBiases = 5,

    /// <summary>Max tokens is zero or above <see cref="JobParameters.TokensMax"/>.</summary>
    MaxTokens = 6,

    /// <summary>Too many stop tokens, or not ascending, each once.</summary>
    StopTokens = 7,

    /// <summary>
    /// Too many stop strings, an empty, long or ill-formed one, or not in ascending UTF-8 order, each once.
    /// </summary>
    StopStrings = 8,

    /// <summary>Price × (prompt + max tokens) + fee is more coin than can exist.</summary>
    RewardTooLarge = 9,

    /// <summary>Created is before lock times mean seconds, or the deadline not after it, or beyond the clock.</summary>
    Times = 10,

    /// <summary>There is no client key.</summary>
    ClientKeyMissing = 11,

    /// <summary>The return address is neither empty nor host:port.</summary>
    ReturnAddress = 12,

    /// <summary>An unknown level, or a number of sampled positions that does not belong to the level.</summary>
    Verification = 13,

    /// <summary>Too many numerics classes, or not ascending, each once.</summary>
    NumericsClasses = 14,

    /// <summary>The nonce's hash is zero.</summary>
    NonceHashMissing = 15,
}
