using System.Collections.Concurrent;
using System.Threading.Channels;
using Camelid.Contracts.JobPool.V1;

namespace Camelid.JobPool.Tokens;

/// <summary>Summaries of changed jobs for live pages. A slow page loses the oldest ones; it never holds a job up.</summary>
internal sealed class JobFeed
{
    /// <summary>Summaries that wait for one page.</summary>
    public const int WaitingMax = 256;

    private readonly ConcurrentDictionary<Channel<JobSummary>, bool> pages = new();

    public void Publish(JobSummary summary)
    {
        foreach (Channel<JobSummary> page in pages.Keys)
        {
            page.Writer.TryWrite(summary);
        }
    }

    public Channel<JobSummary> Open()
    {
        Channel<JobSummary> page = Channel.CreateBounded<JobSummary>(
            new BoundedChannelOptions(WaitingMax) { FullMode = BoundedChannelFullMode.DropOldest });
        pages[page] = true;
        return page;
    }

    public void Close(Channel<JobSummary> page) => pages.TryRemove(page, out _);
}
