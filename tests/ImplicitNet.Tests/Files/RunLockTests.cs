using ImplicitNet.Files;

namespace ImplicitNet.Tests.Files;

public sealed class RunLockTests
{
    [Fact]
    public void A_folder_belongs_to_one_at_a_time_and_nothing_is_left_behind()
    {
        using TemporaryFolder folder = new();
        using (RunLock.Take(folder.Path))
        {
            string message = Assert.Throws<FolderInUseException>(() => RunLock.Take(folder.Path)).Message;
            Assert.Equal($"{folder.Path} is in use by process {Environment.ProcessId}.", message);
            Assert.Null(RunLock.TakeUnlessHeld(folder.Path));
        }

        Assert.Empty(folder.Names);
        using RunLock? again = RunLock.TakeUnlessHeld(folder.Path);
        Assert.NotNull(again);
    }

    [Theory]
    [InlineData("")]
    [InlineData("4711 dead\n")]
    [InlineData("no number at all, and much longer than what a lock says of itself: 0123456789012345678901234567890123456789012345678901234567890123456789")]
    public void A_file_left_behind_is_in_nobodys_way(string content)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder[RunLock.FileName], content);
        using (RunLock.Take(folder.Path))
        {
            Assert.Equal([RunLock.FileName], folder.Names);
        }

        Assert.Empty(folder.Names);
    }

    [Fact]
    public void A_lock_of_another_kind_of_program_counts_too()
    {
        using TemporaryFolder folder = new();
        using FileStream other = new(folder[RunLock.FileName], FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        Assert.Equal($"{folder.Path} is in use by another process.", Assert.Throws<FolderInUseException>(() => RunLock.Take(folder.Path)).Message);
    }

    [Fact]
    public void A_folder_that_is_not_there_is_told_as_that()
    {
        using TemporaryFolder folder = new();
        Assert.Throws<DirectoryNotFoundException>(() => RunLock.Take(folder["none"]));
    }

    [Fact]
    public void Of_many_that_come_at_once_one_has_it()
    {
        using TemporaryFolder folder = new();
        int inside = 0;
        int most = 0;
        int taken = 0;
        Parallel.For(0, 400, new ParallelOptions { MaxDegreeOfParallelism = 8 }, _ =>
        {
            try
            {
                using RunLock hold = RunLock.Take(folder.Path);
                int now = Interlocked.Increment(ref inside);
                most = Math.Max(most, now);
                Interlocked.Increment(ref taken);
                Thread.SpinWait(1000);
                Interlocked.Decrement(ref inside);
            }
            catch (FolderInUseException)
            {
            }
        });
        Assert.Equal(1, most);
        Assert.InRange(taken, 1, 400);
    }
}
