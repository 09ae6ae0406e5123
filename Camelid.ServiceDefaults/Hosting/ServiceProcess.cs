using System.Diagnostics.CodeAnalysis;

namespace Camelid.ServiceDefaults.Hosting;

/// <summary>The edge of a service's own process: what failed becomes one line and an exit code.</summary>
public static class ServiceProcess
{
    /// <summary>Exit code of a service that could not start or go on.</summary>
    public const int Failure = 1;

    /// <summary>Runs a service to its end.</summary>
    /// <param name="run">Builds the host and runs it.</param>
    /// <returns>0 where it was stopped, <see cref="Failure"/> with one line on standard error where it failed;
    /// <c>CAMELID_DEBUG=1</c> adds the stack.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "The edge of the process: what failed becomes one line.")]
    public static async Task<int> RunAsync(Func<Task> run)
    {
        ArgumentNullException.ThrowIfNull(run);
        try
        {
            await run();
            return 0;
        }
        catch (OperationCanceledException)
        {
            // Asked to stop before the start was complete.
            return 0;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"camelid: {LineOf(exception)}");
            if (Environment.GetEnvironmentVariable("CAMELID_DEBUG") == "1")
            {
                await Console.Error.WriteLineAsync(exception.ToString());
            }

            return Failure;
        }
    }

    /// <summary>The message of what failed first, on one line.</summary>
    public static string LineOf(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        Exception found = exception;
        while (found is AggregateException { InnerException: { } inner })
        {
            found = inner;
        }

        return found.Message.ReplaceLineEndings(" ").Trim();
    }
}
