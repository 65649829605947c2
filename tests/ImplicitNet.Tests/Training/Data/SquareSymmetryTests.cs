using ImplicitNet.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Data;

public sealed class SquareSymmetryTests : TensorTest
{
    public static TheoryData<int> All => [.. Enumerable.Range(0, 8)];

    [Fact]
    public void There_are_the_eight_of_a_square()
    {
        // By hand: 12 above 34 as it is, mirrored, transposed, turned.
        int[] expected = [1234, 2143, 3412, 1324, 4321, 3142, 2413, 4231];
        using DisposeScope scope = NewDisposeScope();
        Tensor square = tensor(new long[] { 1, 2, 3, 4 }, [2, 2]);
        Assert.Equal(expected, SquareSymmetry.All.Select(symmetry => int.Parse(string.Concat(Numbers(symmetry.Of(square))))));
        Assert.Equal(default, SquareSymmetry.All[0]);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Each_is_undone_by_its_inverse(int number)
    {
        using DisposeScope scope = NewDisposeScope();
        SquareSymmetry symmetry = SquareSymmetry.All[number];
        Tensor squares = arange(2 * 3 * 25, dtype: ScalarType.Float32).reshape(2, 3, 5, 5);
        Assert.Equal(Numbers(squares), Numbers(symmetry.Inverse.Of(symmetry.Of(squares))));
        Assert.Equal(Numbers(squares), Numbers(symmetry.Of(symmetry.Inverse.Of(squares))));
        Assert.Equal(symmetry, symmetry.Inverse.Inverse);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Each_square_of_a_batch_is_turned_alone_whatever_its_type_and_place_in_memory(int number)
    {
        using DisposeScope scope = NewDisposeScope();
        SquareSymmetry symmetry = SquareSymmetry.All[number];
        foreach (ScalarType type in (ScalarType[])[ScalarType.Float64, ScalarType.Float32, ScalarType.Int64, ScalarType.Bool])
        {
            // Channels last, and a batch that may be empty.
            Tensor squares = randint(0, 2, [4, 5, 5, 3]).to(type).permute(0, 3, 1, 2);
            Tensor turned = symmetry.Of(squares);
            Assert.Equal((type, "4,3,5,5"), (turned.dtype, string.Join(',', turned.shape)));
            Assert.Equal(Numbers(symmetry.Of(squares[2, 1])), Numbers(turned[2, 1]));
            Assert.Equal([0, 3, 5, 5], symmetry.Of(squares[..0]).shape);
        }
    }

    /// <summary>The path of a turned maze is the turned path, which is what trust by turning rests on.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public void A_path_turns_with_its_maze(int number)
    {
        using DisposeScope scope = NewDisposeScope();
        SquareSymmetry symmetry = SquareSymmetry.All[number];
        Maze maze = Maze.Draw(9, new RandomNumbers(1, 0, 0));
        Tensor turned = symmetry.Of(Mazes.Inputs([maze]));
        bool[,] isOpen = new bool[9, 9];
        for (int place = 0; place < 81; place++)
        {
            isOpen[place / 9, place % 9] = turned[0, 0, place / 9, place % 9].ToSingle() > 0;
        }

        (int, int) start = Math.DivRem((int)turned[0, 1].argmax().ToInt64(), 9), goal = Math.DivRem((int)turned[0, 2].argmax().ToInt64(), 9);
        Assert.Equal(Numbers(symmetry.Of(Drawn(maze))), Numbers(Drawn(new Maze(isOpen, start, goal))));
    }

    private static Tensor Drawn(Maze maze)
    {
        Tensor path = zeros(9, 9);
        foreach ((int row, int column) in maze.Path)
        {
            path[row, column] = 1;
        }

        return path;
    }

    private static long[] Numbers(Tensor square) => [.. square.to(ScalarType.Int64).contiguous().flatten().data<long>()];
}
