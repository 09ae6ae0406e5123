using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Camelid.Client;
using Camelid.Client.Completions;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid run MODEL "prompt"</c>: one paid, verified completion.</summary>
internal static class RunCommand
{
    private const int MaxTokensDefault = 64;

    private static readonly Argument<string> Model = new("MODEL") { Description = "name or root of the model" };
    private static readonly Argument<string> Prompt = new("PROMPT") { Description = "the text to go on from" };
    private static readonly Option<int?> MaxTokens = new("--max-tokens")
    {
        Description = $"most tokens to run (default {MaxTokensDefault})",
    };

    private static readonly Option<decimal?> Temperature = new("--temperature")
    {
        Description = "0 takes the likeliest token; up to 2",
    };

    private static readonly Option<decimal?> TopP = new("--top-p") { Description =
        "nucleus mass, above 0 and up to 1" };
    private static readonly Option<long?> Seed = new("--seed") { Description = "fixes the randomness" };
    private static readonly Option<bool> Chat = new("--chat") { Description = "send the prompt as a chat message" };

    public static Command Build(Terminal terminal)
    {
        Command command = new("run", "Run one completion: tokens on standard output, then job, verdict and payment.")
        {
            Model, Prompt, MaxTokens, Temperature, TopP, Seed, Chat,
        };
        command.SetAction(async (parse, cancellation) =>
        {
            using CamelidClient client = Gateway.Open(parse);
            bool json = parse.GetValue(Gateway.Json);
            StringBuilder text = new();
            Answer answer = new(null, null);
            await foreach (Piece piece in PiecesAsync(client, parse, cancellation))
            {
                text.Append(piece.Text);
                answer = new Answer(piece.Proof ?? answer.Proof, piece.Usage ?? answer.Usage);
                if (!json)
                {
                    await terminal.Out.WriteAsync(piece.Text);
                    await terminal.Out.FlushAsync(cancellation);
                }
            }

            ProofDocument proof = answer.Proof ?? throw new CommandFailure(
                ExitCode.VerificationFailed, "the gateway answered without a proof; look at: camelid jobs ls");
            if (json)
            {
                terminal.WriteJson(Document(text.ToString(), answer.Usage, proof));
            }
            else
            {
                await terminal.Out.WriteLineAsync();
                await terminal.Error.WriteLineAsync(Summary(proof));
            }

            return (int)(proof.Verification.Verdict == "failed" ? ExitCode.VerificationFailed : ExitCode.Ok);
        });
        return command;
    }

    private static IAsyncEnumerable<Piece> PiecesAsync(
        CamelidClient client, ParseResult parse, CancellationToken cancellationToken) => parse.GetValue(Chat)
            ? client.StreamChatAsync(
                new ChatRequest
                {
                    Model = parse.GetRequiredValue(Model),
                    Messages = [new ChatRequestMessage("user", parse.GetRequiredValue(Prompt))],
                    MaxCompletionTokens = parse.GetValue(MaxTokens) ?? MaxTokensDefault,
                    Temperature = parse.GetValue(Temperature),
                    Seed = parse.GetValue(Seed),
                },
                cancellationToken).Select(chunk => new Piece(
                    string.Concat(chunk.Choices.Select(choice => choice.Delta.Content)), chunk.Camelid, chunk.Usage))
            : client.StreamCompletionAsync(
                new CompletionRequest
                {
                    Model = parse.GetRequiredValue(Model),
                    Prompt = parse.GetRequiredValue(Prompt),
                    MaxTokens = parse.GetValue(MaxTokens) ?? MaxTokensDefault,
                    Temperature = parse.GetValue(Temperature),
                    TopP = parse.GetValue(TopP),
                    Seed = parse.GetValue(Seed),
                },
                cancellationToken).Select(chunk => new Piece(
                    string.Concat(chunk.Choices.Select(choice => choice.Text)), chunk.Camelid, chunk.Usage));

    private static string Summary(ProofDocument proof) =>
        $"job {proof.JobId}\nverdict {proof.Verification.Verdict} ({proof.Verification.Level})\n"
        + $"paid {proof.Payment.Grains} grains, txid {proof.Payment.Txid ?? "-"} ({proof.Payment.State})";

    private static JsonObject Document(string text, UsageDocument? usage, ProofDocument proof) => new()
    {
        ["text"] = text,
        ["tokens"] = usage?.CompletionTokens,
        ["jobId"] = proof.JobId,
        ["modelRoot"] = proof.ModelRoot,
        ["verification"] = new JsonObject
        {
            ["level"] = proof.Verification.Level, ["verdict"] = proof.Verification.Verdict,
        },
        ["payment"] = new JsonObject { ["state"] = proof.Payment.State, ["txid"] = proof.Payment.Txid },
    };

    private readonly record struct Piece(string Text, ProofDocument? Proof, UsageDocument? Usage);

    private readonly record struct Answer(ProofDocument? Proof, UsageDocument? Usage);
}
