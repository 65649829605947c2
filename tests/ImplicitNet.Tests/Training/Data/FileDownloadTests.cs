using System.Net;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Tests.Training.Data;

public sealed class FileDownloadTests : IDisposable
{
    private static readonly byte[] Body = [.. Enumerable.Range(0, 200_000).Select(place => (byte)(place * 31 / 7))];
    private static readonly DatasetFile Wanted = new("letters.gz", IdxBytes.Md5(Body));
    private static readonly Uri[] Mirrors = [new("http://first.invalid/set/"), new("http://second.invalid/")];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_whole_file_arrives_under_its_name()
    {
        Reports reports = new();
        FakeMirror mirror = new((_, _) => Task.FromResult(FakeMirror.Content(Body)));
        await Fetch(mirror, reports);
        Assert.Equal(["letters.gz"], _folder.Names);
        Assert.Equal(Body, await File.ReadAllBytesAsync(_folder["letters.gz"], TestContext.Current.CancellationToken));
        Assert.Equal([new Uri("http://first.invalid/set/letters.gz")], mirror.Asked);
        Assert.Equal(0, reports[0].BytesReceived);
        Assert.Equal(new DownloadProgress("letters.gz", mirror.Asked[0], Body.Length, Body.Length), reports[^1]);
        Assert.Equal(reports.Select(report => report.BytesReceived).Order(), reports.Select(report => report.BytesReceived));
    }

    [Fact]
    public async Task An_old_file_is_replaced()
    {
        _folder.Write("letters.gz", [1, 2, 3]);
        await Fetch(new FakeMirror((_, _) => Task.FromResult(FakeMirror.Content(Body))));
        Assert.Equal(Body.Length, new FileInfo(_folder["letters.gz"]).Length);
    }

    [Fact]
    public async Task A_mirror_without_the_file_gives_way_to_the_next()
    {
        FakeMirror mirror = new((source, _) => Task.FromResult(
            source.Host == "first.invalid" ? new HttpResponseMessage(HttpStatusCode.NotFound) : FakeMirror.Content(Body)));
        await Fetch(mirror);
        Assert.Equal(["letters.gz"], _folder.Names);
        Assert.Equal(2, mirror.Asked.Count);
    }

    [Fact]
    public Task A_wrong_checksum_is_refused() => Refused(_ => FakeMirror.Content([.. Body[1..], 0]), "it sent a file with MD5 ");

    [Fact]
    public async Task A_file_of_the_right_md5_and_another_sha_256_is_refused_and_one_of_the_right_sha_256_is_taken_whatever_its_md5()
    {
        FakeMirror mirror = new((_, _) => Task.FromResult(FakeMirror.Content(Body)));
        DataFileException fault = await Assert.ThrowsAsync<DataFileException>(() => Fetch(mirror, file: Wanted with { Sha256 = new string('0', 64) }));
        Assert.Contains("it sent a file with SHA-256 ", fault.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
        await Fetch(mirror, file: Wanted with { Md5 = "", Sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Body)) });
        Assert.Equal(["letters.gz"], _folder.Names);
    }

    [Fact]
    public Task A_body_shorter_than_announced_is_refused() =>
        Refused(_ => FakeMirror.Broken(Body[..70_000], _ => Task.CompletedTask, announced: Body.Length), "it sent 70000 bytes of 200000");

    [Fact]
    public Task A_body_that_breaks_off_is_refused() =>
        Refused(_ => FakeMirror.Broken(Body[..70_000], _ => throw new HttpIOException(HttpRequestError.ResponseEnded, "ended early")), "ended early");

    [Fact]
    public Task A_body_without_end_is_refused() =>
        Refused(_ => new HttpResponseMessage { Content = new StreamContent(new EndlessStream()) }, "it sent more than 67108864 bytes", mirrors: 1);

    [Fact]
    public async Task A_body_larger_than_the_file_is_refused_at_once()
    {
        FakeMirror mirror = new((_, _) => Task.FromResult(FakeMirror.Content(Body)));
        DataFileException fault = await Assert.ThrowsAsync<DataFileException>(() => Fetch(mirror, file: Wanted with { MaximumBytes = Body.Length - 1 }));
        Assert.Contains("it sent more than 199999 bytes", fault.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
        await Fetch(mirror, file: Wanted with { MaximumBytes = Body.Length });
        Assert.Throws<ArgumentOutOfRangeException>(() => Wanted with { MaximumBytes = 0 });
    }

    [Fact]
    public Task A_mirror_that_falls_silent_is_given_up() =>
        Refused(_ => FakeMirror.Broken(Body[..10], token => Task.Delay(Timeout.Infinite, token)), "it sent nothing for 0.05 seconds", patience: 0.05);

    [Fact]
    public Task No_network_is_refused() => Refused(_ => throw new HttpRequestException("no such host"), "first.invalid: no such host; second.invalid: no such host");

    [Fact]
    public async Task Cancelling_leaves_nothing_behind()
    {
        using CancellationTokenSource cancelling = new();
        FakeMirror mirror = new((_, _) => Task.FromResult(FakeMirror.Broken(Body[..100_000], token =>
        {
            cancelling.Cancel();
            return Task.Delay(Timeout.Infinite, token);
        })));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Fetch(mirror, cancelling: cancelling));
        Assert.Empty(_folder.Names);
        Assert.Single(mirror.Asked);
    }

    private async Task Refused(Func<Uri, HttpResponseMessage> answer, string message, int mirrors = 2, double patience = 30)
    {
        _folder.Write("letters.gz", [1, 2, 3]);
        FakeMirror mirror = new((source, _) => Task.FromResult(answer(source)));
        DataFileException fault = await Assert.ThrowsAsync<DataFileException>(() => Fetch(mirror, mirrors: mirrors, patience: patience));
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
        Assert.Equal(mirrors, mirror.Asked.Count);
        Assert.Equal(["letters.gz"], _folder.Names);
        Assert.Equal(3, new FileInfo(_folder["letters.gz"]).Length);
    }

    private async Task Fetch(
        FakeMirror mirror, IProgress<DownloadProgress>? progress = null, int mirrors = 2, double patience = 30,
        CancellationTokenSource? cancelling = null, DatasetFile? file = null)
    {
        using HttpClient client = new(mirror);
        FileDownload download = new(client) { Patience = TimeSpan.FromSeconds(patience) };
        await download.FetchAsync(file ?? Wanted, Mirrors[..mirrors], _folder.Path, progress, cancelling?.Token ?? TestContext.Current.CancellationToken);
    }

    private sealed class Reports : List<DownloadProgress>, IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => Add(value);
    }

    private sealed class EndlessStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(buffer.Length);
    }
}
