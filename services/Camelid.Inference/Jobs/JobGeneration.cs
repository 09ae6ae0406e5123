using System.Text;
using Camelid.Contracts.JobPool.V1;
using Camelid.ModelRuntime;
using Camelid.ModelRuntime.Engine;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Google.Protobuf;
using TokenLogprob = Camelid.Contracts.JobPool.V1.TokenLogprob;

namespace Camelid.Inference.Jobs;

/// <summary>Runs one job in the engine and hands each token to its stream.</summary>
internal sealed class JobGeneration(LanguageModel model, WorkerMetrics metrics, TimeProvider time)
{
    private readonly StringBuilder text = new();

    /// <summary>The text, stop strings and end tokens left out.</summary>
    public string Text => text.ToString();

    /// <summary>Runs the job to its end, or to a cancellation, which ends the output and throws nothing.</summary>
    /// <exception cref="EngineBusyException">The engine has no room.</exception>
    /// <exception cref="ContextLengthException">The job does not fit into the model.</exception>
    public async Task<JobOutput> RunAsync(
        ComputeJob job, JobParameters parameters, TokenStream stream, CancellationToken cancellationToken)
    {
        long begun = time.GetTimestamp();
        Token? last = null;
        await foreach (GenerationEvent step in model.Engine.Start(Request(job, parameters), cancellationToken))
        {
            if (step is GenerationFinished end)
            {
                text.Append(end.Text);
                if (last is not null)
                {
                    last.Text += end.Text;
                    stream.Add(last);
                }

                return new JobOutput
                {
                    Tokens = end.Tokens,
                    Fingerprints = end.Fingerprints,
                    FinishReason = end.FinishReason,
                };
            }

            GeneratedToken generated = (GeneratedToken)step;
            if (generated.Index == 0)
            {
                metrics.FirstToken(time.GetElapsedTime(begun));
            }

            metrics.Token();
            text.Append(generated.Text);
            Token token = TokenOf(generated);

            // The last token waits a moment for the end, which may give text back that was held for a stop string.
            if (IsLast(generated, parameters))
            {
                last = token;
            }
            else
            {
                stream.Add(token);
            }
        }

        throw new System.Diagnostics.UnreachableException("the engine ended a request without saying so");
    }

    private static GenerationRequest Request(ComputeJob job, JobParameters parameters) => new()
    {
        PromptTokens = [.. parameters.PromptTokens],
        Sampling = parameters.Sampling,
        SeedKey = JobSeed.PhiloxKey(Hash256.FromBytes(job.Seed)),
        MaxTokens = (int)parameters.MaxTokens,
        StopTokens = parameters.StopTokens,
        StopStrings = parameters.StopStrings,
        TopLogprobs = (int)job.TopLogprobs,
        Deadline = DateTimeOffset.FromUnixTimeSeconds(parameters.Deadline),
    };

    private bool IsLast(GeneratedToken token, JobParameters parameters) =>
        token.Index + 1 == parameters.MaxTokens || parameters.StopTokens.Contains(token.TokenId)
        || model.Package.Manifest.EndTokens.Contains(token.TokenId);

    private Token TokenOf(GeneratedToken generated)
    {
        Token token = new()
        {
            Index = (uint)generated.Index,
            TokenId = generated.TokenId,
            Text = generated.Text,
            Logprob = (float)generated.Logprob,
            Fingerprint = generated.Fingerprint,
        };
        token.TopLogprobs.AddRange(generated.TopLogprobs.Select(top => new TokenLogprob
        {
            TokenId = top.TokenId,
            TokenBytes = ByteString.CopyFrom(model.Tokenizer.TokenBytes(top.TokenId)),
            Logprob = (float)top.Logprob,
        }));
        return token;
    }
}
