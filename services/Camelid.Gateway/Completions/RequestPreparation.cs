using Camelid.Contracts.ModelRegistry.V1;
using Camelid.Gateway.Errors;
using Camelid.Gateway.Models;
using Camelid.Gateway.Retries;

namespace Camelid.Gateway.Completions;

/// <summary>Finds the model of a call and turns its text into tokens.</summary>
internal sealed class RequestPreparation(ModelCatalog models)
{
    private const uint CompletionTokensDefault = 16;
    private const uint ChatTokensDefault = 1024;

    /// <summary>A call of <c>/v1/completions</c>.</summary>
    public async Task<PreparedRequest> PrepareAsync(
        CompletionCall call, RequestIdentity identity, CancellationToken cancellationToken)
    {
        Model model = await models.GetAsync(call.Options.Model, cancellationToken);
        string[] texts = [.. call.Prompts.Where(prompt => prompt.Text is not null).Select(prompt => prompt.Text!)];
        Queue<IReadOnlyList<uint>> tokenized = texts.Length == 0
            ? []
            : new(await models.TokenizeAsync(model.Name, texts, cancellationToken));
        PreparedRequest request = new()
        {
            Options = call.Options,
            Model = model,
            Prompts = [.. call.Prompts.Select(prompt => new PreparedPrompt(
                prompt.Tokens ?? tokenized.Dequeue(), call.Echo ? prompt.Text ?? "" : ""))],
            TokensDefault = CompletionTokensDefault,
            PromptField = "prompt",
            Identity = identity,
        };
        Check(request);
        return call.Echo ? await WithEchoAsync(request, cancellationToken) : request;
    }

    /// <summary>A call of <c>/v1/chat/completions</c>.</summary>
    public async Task<PreparedRequest> PrepareAsync(
        ChatCall call, RequestIdentity identity, CancellationToken cancellationToken)
    {
        Model model = await models.GetAsync(call.Options.Model, cancellationToken);
        if (!model.HasChatTemplate)
        {
            throw ApiError.BadRequest($"The model '{model.Name}' is no chat model: use /v1/completions.", "model");
        }

        IReadOnlyList<uint> tokens = await models.RenderChatAsync(model.Name, call.Messages, cancellationToken);
        PreparedRequest request = new()
        {
            Options = call.Options,
            Model = model,
            Prompts = [new PreparedPrompt(tokens, "")],
            TokensDefault = ChatTokensDefault,
            PromptField = "messages",
            Identity = identity,
        };
        Check(request);
        return request;
    }

    private static void Check(PreparedRequest request)
    {
        request.CheckTokenIds();
        foreach (PreparedPrompt prompt in request.Prompts)
        {
            _ = request.TokensMaxOf(prompt);
        }
    }

    /// <summary>Prompts that came as token ids are echoed as text too.</summary>
    private async Task<PreparedRequest> WithEchoAsync(PreparedRequest request, CancellationToken cancellationToken)
    {
        List<PreparedPrompt> prompts = [];
        foreach (PreparedPrompt prompt in request.Prompts)
        {
            prompts.Add(prompt.Echo.Length > 0 ? prompt : prompt with
            {
                Echo = await models.DetokenizeAsync(request.Model.Name, prompt.Tokens, cancellationToken),
            });
        }

        return request with { Prompts = prompts };
    }
}
