namespace ImplicitNet.Tests;

public sealed class PlaceholderTests
{
    [Fact]
    public void Runs() => Assert.Equal(2, Environment.NewLine.Length + 1);
}
