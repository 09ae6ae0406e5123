namespace Camelid.ModelRuntime.Engine;

/// <summary>The engine's queue is full; try later or elsewhere.</summary>
public sealed class EngineBusyException : Exception
{
    /// <summary>With a plain message.</summary>
    public EngineBusyException()
        : base("the engine's queue is full; try again later")
    {
    }

    /// <summary>With a message.</summary>
    public EngineBusyException(string message)
        : base(message)
    {
    }

    /// <summary>With a message and a cause.</summary>
    public EngineBusyException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>Prompt and answer do not fit into the model's context.</summary>
public sealed class ContextLengthException : Exception
{
    /// <summary>Without numbers.</summary>
    public ContextLengthException()
    {
    }

    /// <summary>With a message.</summary>
    public ContextLengthException(string message)
        : base(message)
    {
    }

    /// <summary>With a message and a cause.</summary>
    public ContextLengthException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Says the three numbers.</summary>
    /// <param name="promptTokens">Tokens of the prompt.</param>
    /// <param name="maxTokens">Tokens asked for.</param>
    /// <param name="contextTokensMax">Tokens that the model can hold.</param>
    public ContextLengthException(int promptTokens, int maxTokens, int contextTokensMax)
        : base($"the prompt has {promptTokens} tokens and {maxTokens} more were asked for, but the model holds "
            + $"{contextTokensMax}; shorten the prompt or ask for at most "
            + $"{Math.Max(0, contextTokensMax - promptTokens)}") =>
        (PromptTokens, MaxTokens, ContextTokensMax) = (promptTokens, maxTokens, contextTokensMax);

    /// <summary>Tokens of the prompt.</summary>
    public int PromptTokens { get; }

    /// <summary>Tokens asked for.</summary>
    public int MaxTokens { get; }

    /// <summary>Tokens that the model can hold.</summary>
    public int ContextTokensMax { get; }
}
