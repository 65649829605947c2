namespace ImplicitNet.Outside.Tests;

/// <summary>
/// Referees that know the libraries by their public surface alone, and that say no, each in a process of its own. By hand:
/// <c>CsCheck_Iter=200000 dotnet run -c Release --project tests/ImplicitNet.Outside.Tests -- statuses</c>.
/// </summary>
public sealed class RefereeTests
{
    [Theory]
    [InlineData("statuses", "solves, 0 false Converged")]
    [InlineData("flows", "flows, 0 false states")]
    [InlineData("bounds", "operators, 0 bounds below the norm")]
    [InlineData("bounds monotone", "monotone layers, 0 violations")]
    [InlineData("robustness", "attacks, 0 radii beaten")]
    [InlineData("calls", "calls, 0 deaths")]
    public void A_referee_finds_nothing(string referee, string verdict)
    {
        (int code, string output) = RefereeProcess.Run(referee.Split(' '));
        TestContext.Current.TestOutputHelper?.WriteLine(output);
        Assert.True(code == 0 && output.Contains(verdict, StringComparison.Ordinal), output);
    }

    [Theory]
    [InlineData("statuses", "solves, 0 false Converged")]
    [InlineData("flows", "flows, 0 false states")]
    [InlineData("bounds", "operators, 0 bounds below the norm")]
    [InlineData("bounds monotone", "monotone layers, 0 violations")]
    [InlineData("robustness", "attacks, 0 radii beaten")]
    [InlineData("calls", "calls, 0 deaths")]
    public void A_referee_finds_what_was_planted(string referee, string verdict)
    {
        (int code, string output) = RefereeProcess.Run([.. referee.Split(' '), RefereeCase.Planted]);
        TestContext.Current.TestOutputHelper?.WriteLine(output);
        Assert.True(code == 1 && !output.Contains(" " + verdict, StringComparison.Ordinal), output);
    }
}
