using System.Globalization;

namespace ImplicitNet.Tests.Cli;

public sealed class MemoryCommandTests : TensorTest
{
    private const string FixedThreshold = "MALLOC_MMAP_THRESHOLD_";

    [Fact]
    public void A_step_of_the_solve_is_not_kept_and_one_that_is_would_show()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "holds the C library's allocator to a threshold");
        long few = Peak("jfb", 5);
        Assert.InRange(Peak("jfb", 25), 0.95 * few, 1.05 * few);
        Assert.True(Peak("phantom:15", 5) > 1.3 * few);
    }

    [Fact]
    public void Unrolling_keeps_the_latents_between_its_checkpoints_for_one_segment_at_a_time()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "holds the C library's allocator to a threshold");
        const long latent = 64 * 32 * 28 * 28 * sizeof(float);

        // Seven checkpoints, and segments of seven with what their gradients need; not 49 latents.
        Assert.InRange((Peak("unrolled", 49) - Peak("unrolled", 1)) / latent, 5, 25);
    }

    [Fact]
    public void What_has_no_fixed_number_of_steps_is_refused()
    {
        using TemporaryFolder folder = new();
        CliRun.Of("memory", "--gradients", "inverse-reuse", "--output", folder["memory"]).Failed(2, "inverse-reuse:0", "Broyden");
        CliRun.Of("memory", "--gradients", "jfb", "--measure", "1001").Failed(2, "from 1 to 1000");
        Assert.Empty(folder.Names);
    }

    [Theory]
    [InlineData("through:30")]
    [InlineData("untied:3")]
    [InlineData("explicit")]
    public void A_twin_is_no_gradient(string name)
    {
        using TemporaryFolder folder = new();
        CliRun.Of("memory", "--gradients", $"jfb,{name}", "--output", folder["memory"]).Failed(2, name);
        Assert.DoesNotContain("twins", CliRun.Of("memory", "--help").Output, StringComparison.Ordinal);
        Assert.Empty(folder.Names);
    }

    private static long Peak(string gradient, int steps)
    {
        using CliProcess process = CliProcess.StartInShell(
            "exec \"$@\"",
            new Dictionary<string, string> { [FixedThreshold] = "1000000" },
            "memory", "--gradients", gradient, "--measure", steps.ToString(CultureInfo.InvariantCulture), "--threads", "1");
        return long.Parse(process.Wait().Succeeded().LastLine, CultureInfo.InvariantCulture);
    }
}
