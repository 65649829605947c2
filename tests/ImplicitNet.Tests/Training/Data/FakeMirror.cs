using System.Net;

namespace ImplicitNet.Tests.Training.Data;

/// <summary>Answers requests as a test says, and keeps what was asked for.</summary>
internal sealed class FakeMirror(Func<Uri, CancellationToken, Task<HttpResponseMessage>> answer) : HttpMessageHandler
{
    public List<Uri> Asked { get; } = [];

    public static HttpResponseMessage Content(byte[] body) => new(HttpStatusCode.OK) { Content = new ByteArrayContent(body) };

    /// <summary>A body that sends some bytes and then does what <paramref name="end"/> does.</summary>
    public static HttpResponseMessage Broken(byte[] start, Func<CancellationToken, Task> end, long? announced = null)
    {
        StreamContent content = new(new BrokenStream(start, end));
        content.Headers.ContentLength = announced;
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = content };
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Asked.Add(request.RequestUri!);
        return answer(request.RequestUri!, cancellationToken);
    }

    private sealed class BrokenStream(byte[] start, Func<CancellationToken, Task> end) : MemoryStream(start)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = await base.ReadAsync(buffer, cancellationToken);
            if (read == 0)
            {
                await end(cancellationToken);
            }

            return read;
        }
    }
}
