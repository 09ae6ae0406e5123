using System.CommandLine;
using Camelid.Client;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid jobs wait JOB</c>: the answer of a job, then its way to settlement.</summary>
internal static class JobsWaitCommand
{
    private static readonly Option<bool> AnswerOnly = new("--answer")
    {
        Description = "wait for the answer only, not for the settlement",
    };

    public static readonly Option<int> TimeoutSeconds = new("--timeout")
    {
        Description = "seconds to wait", DefaultValueFactory = _ => 180,
    };

    public static Command Build(Terminal terminal)
    {
        Command wait = new("wait", "Wait until a job is settled, or ended otherwise; writes its answer.")
        {
            JobsCommand.JobId, TimeoutSeconds, AnswerOnly,
        };
        wait.SetAction(async (parse, cancellation) =>
        {
            using CamelidClient client = Gateway.Open(parse);
            return await new JobsWait(client, terminal, parse).RunAsync(
                parse.GetRequiredValue(JobsCommand.JobId), untilSettled: !parse.GetValue(AnswerOnly), cancellation);
        });
        return wait;
    }
}
