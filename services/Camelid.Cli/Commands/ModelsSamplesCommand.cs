using System.CommandLine;
using Camelid.ModelRuntime;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Training;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid models samples</c>.</summary>
internal static class ModelsSamplesCommand
{
    private static readonly Argument<string> Model = new("MODEL")
    {
        Description = "package folder, or a name", DefaultValueFactory = _ => "camelid-nano",
    };

    public static Command Build(Terminal terminal)
    {
        Command samples = new("samples", "Twenty samples of a small model, always of the same prompts and seeds.")
        {
            Model,
        };
        samples.SetAction((parse, cancellation) => RunAsync(terminal, parse, cancellation));
        return samples;
    }

    private static async Task<int> RunAsync(Terminal terminal, ParseResult parse, CancellationToken cancellationToken)
    {
        ModelRuntime.Graphs.NativeEnvironment.Prepare();
        ModelPackage package = await ModelFolder.OpenAsync(parse, parse.GetRequiredValue(Model), cancellationToken);
        await using LanguageModel model =
            await LanguageModel.LoadAsync(package, new LanguageModelOptions(), cancellationToken);
        List<Sample> samples = [];
        await foreach (Sample sample in SampleSheet.GenerateAsync(model, cancellationToken))
        {
            samples.Add(sample);
        }

        terminal.Out.Write(SampleSheet.ToMarkdown(model, samples));
        return (int)ExitCode.Ok;
    }
}
