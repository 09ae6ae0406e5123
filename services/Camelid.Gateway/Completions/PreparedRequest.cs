using Camelid.Contracts.ModelRegistry.V1;
using Camelid.Gateway.Errors;
using Camelid.Gateway.Retries;
using Google.Protobuf;

namespace Camelid.Gateway.Completions;

/// <summary>A prompt in tokens.</summary>
/// <param name="Tokens">Token ids.</param>
/// <param name="Echo">Text that the answer begins with; empty without echo.</param>
internal sealed record PreparedPrompt(IReadOnlyList<uint> Tokens, string Echo);

/// <summary>Terms of a job that any operator's worker may run.</summary>
/// <param name="PriceGrainsMax">Most that a token may cost; 0: the lowest price that is announced.</param>
/// <param name="DeadlineSeconds">Seconds until the offer lapses.</param>
/// <param name="Verification"><c>spot</c>, <c>sampled</c> or <c>full</c>; empty: JobPool's default.</param>
/// <param name="VerifyBy"><c>any</c>, <c>own</c>, <c>third</c> or <c>none</c>; empty: any.</param>
internal sealed record BatchTerms(
    ulong PriceGrainsMax, uint DeadlineSeconds, string Verification, string VerifyBy);

/// <summary>A request with its model and its prompts in tokens: ready to become jobs.</summary>
internal sealed record PreparedRequest
{
    /// <summary>The caller's parameters.</summary>
    public required GenerationOptions Options { get; init; }

    /// <summary>The model.</summary>
    public required Model Model { get; init; }

    /// <summary>The prompts.</summary>
    public required IReadOnlyList<PreparedPrompt> Prompts { get; init; }

    /// <summary>Tokens of an answer where the caller gave no limit.</summary>
    public required uint TokensDefault { get; init; }

    /// <summary>Field that holds the prompt, for messages.</summary>
    public required string PromptField { get; init; }

    /// <summary>What makes this request one with its retries.</summary>
    public required RequestIdentity Identity { get; init; }

    /// <summary>What a batch job may cost and take; null: an own worker answers at once.</summary>
    public BatchTerms? Batch { get; init; }

    /// <summary>Most tokens of the answer to a prompt, within the model's context.</summary>
    /// <exception cref="ApiException">Prompt and answer do not fit: the message has both numbers.</exception>
    public uint TokensMaxOf(PreparedPrompt prompt)
    {
        long context = Model.ContextTokensMax;
        long prompted = prompt.Tokens.Count;
        if (prompted == 0)
        {
            throw ApiError.BadRequest($"'{PromptField}' is empty: send at least one token.", PromptField);
        }

        if (prompted >= context)
        {
            throw ApiError.BadRequest(
                $"This model's maximum context length is {context} tokens. However, your prompt has {prompted} tokens. "
                + "Shorten it so that room is left for an answer.",
                PromptField, "context_length_exceeded");
        }

        if (Options.TokensMax is not { } wanted)
        {
            return (uint)Math.Min(TokensDefault, context - prompted);
        }

        return prompted + wanted <= context ? (uint)wanted : throw ApiError.BadRequest(
            $"This model's maximum context length is {context} tokens. However, you requested {prompted + wanted} "
            + $"tokens ({prompted} in the prompt, {wanted} for the answer). Shorten the prompt or lower "
            + $"'{Options.TokensMaxField}'.",
            Options.TokensMaxField, "context_length_exceeded");
    }

    /// <summary>Refuses token ids that the model does not have.</summary>
    public void CheckTokenIds()
    {
        uint vocabulary = Model.VocabularySize;
        foreach (uint tokenId in Options.Sampling.LogitBias.Select(bias => bias.TokenId))
        {
            if (tokenId >= vocabulary)
            {
                throw ApiError.BadRequest(
                    $"'logit_bias' names token {tokenId}; this model has tokens 0 … {vocabulary - 1}.", "logit_bias");
            }
        }

        foreach (uint tokenId in Prompts.SelectMany(prompt => prompt.Tokens))
        {
            if (tokenId >= vocabulary)
            {
                throw ApiError.BadRequest(
                    $"'{PromptField}' has token {tokenId}; this model has tokens 0 … {vocabulary - 1}.", PromptField);
            }
        }
    }
}

/// <summary>A job that JobPool has opened for one choice.</summary>
/// <param name="Id">The job.</param>
/// <param name="IdText">The job, 64 digits.</param>
/// <param name="Choice">Index of the choice.</param>
/// <param name="Prompt">Its prompt.</param>
internal sealed record OpenedJob(ByteString Id, string IdText, int Choice, PreparedPrompt Prompt);
