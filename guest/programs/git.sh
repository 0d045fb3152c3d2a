# Two commits, a branch, a merge, a clone, a pack: every name that git gives depends on every byte.
set -e
export HOME=/tmp GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@example.org
export GIT_AUTHOR_DATE='2024-01-02T03:04:05Z' GIT_COMMITTER_DATE='2024-01-02T03:04:06Z' GIT_PAGER=cat TZ=UTC
cd /tmp
git init --quiet --initial-branch=main project
cd project
seq 1 500 > numbers
mkdir folder
echo text > folder/file
ln -s folder/file link
echo 'echo run' > program
chmod +x program
git add .
git commit --quiet -m first
git ls-files --stage
git checkout --quiet -b branch
sed -i 's/^250$/two hundred and fifty/' numbers
git diff
git commit --quiet -a -m second
git checkout --quiet main
echo more >> folder/file
git commit --quiet -a -m third
git merge --quiet -m merged branch
git log --graph --stat --format='%H %an %cI %s'
git status --short
git clone --quiet /tmp/project /tmp/clone
cd /tmp/clone
git rev-parse HEAD origin/branch
git -c gc.autoDetach=false repack -a -d --quiet
git fsck --full
git show --stat HEAD~1
git grep -n fifty
git stash list
git archive HEAD | tar -t
git bisect start --quiet HEAD HEAD~2 2>/dev/null || true
git count-objects
